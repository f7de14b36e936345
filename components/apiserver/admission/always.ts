import type { AdmissionPlugin } from "../ports.ts";
import { rejected } from "./target.ts";

/** Lets everything through. */
export const alwaysAdmit: AdmissionPlugin = {
  name: "AlwaysAdmit",
  handles: () => false,
};

/** Refuses every write, after all others have had their say. */
export const alwaysDeny: AdmissionPlugin = {
  name: "AlwaysDeny",
  handles: () => true,
  admit(request) {
    throw rejected(request, "admission control is denying all modifications");
  },
  validate(request) {
    throw rejected(request, "admission control is denying all modifications");
  },
};
