/** Why devices cannot be allocated at all: the claim, a class or a selector is wrong, or the search takes too long. */
export class AllocationError extends Error {
  override readonly name = "AllocationError";
}
