import { ApiError } from "../../base/mod.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../ports.ts";

/** Refuses new objects of a definition that is being deleted. */
export const customResourceTermination: AdmissionPlugin = {
  name: "CustomResourceTermination",
  handles: ({ operation, definition }) =>
    definition.custom?.terminating === true && operation === "CREATE",
  admit({ definition, name }: AdmissionRequest) {
    const { group, plural } = definition;
    const resource = `${plural}.${group}`;
    throw new ApiError(
      403,
      "Forbidden",
      `${resource} ${
        JSON.stringify(name)
      } is forbidden: create not allowed while custom resource definition is terminating`,
      { ...(name === "" ? {} : { name }), group, kind: plural },
    );
  },
};
