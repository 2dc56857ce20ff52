/** Numbers and times as people say them. */

/** 950, 1.2K, 34K, 5.6M. */
export function short(count: number): string {
  if (count < 1_000) return String(count);
  const [unit, size] = count < 999_500 ? ["K", 1_000] : ["M", 1_000_000];
  const scaled = count / (size as number);
  return `${scaled < 9.95 ? scaled.toFixed(1).replace(/\.0$/, "") : Math.round(scaled)}${unit}`;
}

/** just now, 5 min, 3 h, 6 d. */
export function ago(thenMs: number, nowMs: number): string {
  const minutes = Math.max(0, Math.floor((nowMs - thenMs) / 60_000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
}

/** 0:07 */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** 7 %, under 1 %. */
export function percent(share: number): string {
  const whole = Math.round(100 * share);
  return whole === 0 && share > 0 ? "<1 %" : `${whole} %`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const SPOKEN = ["da", "en", "it", "nl"];

/** In which language reasons are told: the first of somebody's wishes that there are words in. */
export function spoken(wishes: readonly string[]): string {
  return wishes.map((wish) => wish.slice(0, 2).toLowerCase()).find((one) => SPOKEN.includes(one)) ?? "en";
}

/** A hue of one's own, the same for the same name. */
export function hue(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (31 * sum + letter.codePointAt(0)!) % 360;
  return sum;
}
