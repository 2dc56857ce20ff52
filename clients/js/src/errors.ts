/**
 * What can go wrong with a call.
 *
 *     FreshetError
 *     ├── Refused       the call is wrong: `field`, `reason`, and what would be `right`
 *     ├── Unavailable   not now, after all attempts; the same call may be made again
 *     └── Broken        the server failed, or what answered is no Freshet server
 */
export class FreshetError extends Error {
  override name = "FreshetError";
}

export class Refused extends FreshetError {
  override name = "Refused";

  constructor(
    /** The server's word for it: `refused`, `not_found`, `unauthorized`, `forbidden`, `too_late`. */
    readonly code: string,
    /** The offending field, dotted where nested; "" if the whole call. */
    readonly field: string,
    readonly reason: string,
    /** What would be right, "" if the server did not say. */
    readonly right = "",
    readonly status = 400,
  ) {
    super(`${field ? `${field}: ` : ""}${reason}${right ? `; right would be ${right}` : ""}`);
  }
}

export class Unavailable extends FreshetError {
  override name = "Unavailable";

  constructor(
    reason: string,
    /** How long the server asked to wait, 0 if it did not say. */
    readonly retryAfterMs = 0,
  ) {
    super(reason);
  }
}

export class Broken extends FreshetError {
  override name = "Broken";
}
