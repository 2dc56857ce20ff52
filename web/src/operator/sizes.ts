/** Who gets to be seen: creators by how many follow them. */
import type { Funnel } from "@freshet/client";

export type Size = Funnel["by_size"][number];

/** Of the funnel; undefined if nothing was tried lately. */
export function sizes(funnel: Funnel | undefined): Size[] | undefined {
  const found = funnel?.by_size;
  return found?.some(({ videos }) => videos > 0) ? found : undefined;
}

/** 1–9, 10–99, 1K and more. */
export function named({ followers_min: min, followers_max: max }: Size, short: (n: number) => string): string {
  if (max === null) return `${short(min)} and more`;
  return min === max ? short(min) : `${short(min)}–${short(max)}`;
}
