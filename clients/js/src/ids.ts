/** A UUIDv7 (RFC 9562, 5.7): opens with its millisecond, then 74 random bits. */
export function uuid7(timeMs: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0, rest = timeMs; i < 6; i++, rest = Math.floor(rest / 256)) bytes[5 - i] = rest % 256;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * Ids by the server's clock, as far as it is known. An id opens with its time, and within a
 * week of that the server finds repeats; so it refuses ids of a clock that is off by days.
 */
export class Ids {
  private aheadMs = 0; // of this device, where it is far enough to matter

  make(): string {
    return uuid7(Date.now() - this.aheadMs);
  }

  /** The server's clock, from an answer. */
  heard(now: number): void {
    const aheadMs = Date.now() - now;
    this.aheadMs = Math.abs(aheadMs) > HALF_DAY_MS ? aheadMs : 0;
  }

  /** Whether an id was made by a clock that is off. */
  isOff(id: string): boolean {
    return Math.abs(timeOf(id) - (Date.now() - this.aheadMs)) > HALF_DAY_MS;
  }
}

const HALF_DAY_MS = 12 * 3_600_000;

function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
