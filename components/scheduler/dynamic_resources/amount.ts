import { QUANTITY_ZERO, tryParseQuantity } from "../../api/mod.ts";

/** A quantity of the wire in billionths; zero where it is none, which the API server does not let in. */
export function quantityNano(text: string | undefined): bigint {
  return (text === undefined ? undefined : tryParseQuantity(text))?.nano ?? QUANTITY_ZERO.nano;
}
