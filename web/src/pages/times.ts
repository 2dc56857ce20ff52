/** Times and spans as people say them. */
const DAY_MS = 86_400_000;

const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const LONG = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** 5 Jan, 09:30; with the year where it is another one. */
export function when(ms: number): string {
  const then = new Date(ms);
  return (then.getFullYear() === new Date().getFullYear() ? DATE : LONG).format(then);
}

/** in 3 d, in 5 h, in 20 min. */
export function until(ms: number, nowMs = Date.now()): string {
  const left = ms - nowMs;
  if (left <= 0) return "now";
  if (left < 3_600_000) return `in ${Math.max(1, Math.round(left / 60_000))} min`;
  if (left < 2 * DAY_MS) return `in ${Math.round(left / 3_600_000)} h`;
  return `in ${Math.round(left / DAY_MS)} d`;
}

/** For good, or ends 5 Jan, 09:30 (in 3 d). */
export function end(ms: number): string {
  return ms ? `until ${when(ms)} (${until(ms)})` : "for good";
}
