/** A finger on the stage: what it drags, where it lets go, whether it only tapped. */
export interface Finger {
  id: number;
  x: number;
  y: number;
  startedMs: number;
  /** Past moments, newest last: from them comes the speed. */
  trail: { y: number; ms: number }[];
}

const TAP_PX = 9;
const TAP_MS = 350;
const FLICK_PX_PER_MS = 0.35;
const FAR = 0.22; // of the height: so far is a swipe, however slow
const SPEED_MS = 90;

export function down(event: PointerEvent): Finger {
  const { pointerId: id, clientX: x, clientY: y, timeStamp: ms } = event;
  return { id, x, y, startedMs: ms, trail: [{ y, ms }] };
}

/** How far it has dragged, in pixels; up is below 0. */
export function move(finger: Finger, event: PointerEvent): number {
  finger.trail.push({ y: event.clientY, ms: event.timeStamp });
  const oldest = event.timeStamp - SPEED_MS;
  while (finger.trail.length > 2 && finger.trail[0]!.ms < oldest) finger.trail.shift();
  return event.clientY - finger.y;
}

export function isTap(finger: Finger, event: PointerEvent): boolean {
  const far = Math.hypot(event.clientX - finger.x, event.clientY - finger.y);
  return far < TAP_PX && event.timeStamp - finger.startedMs < TAP_MS;
}

/** The step a drag that ends here means; a finger up is a clip on. */
export function letGo(finger: Finger, height: number): 1 | -1 | 0 {
  const [first, last] = [finger.trail[0]!, finger.trail.at(-1)!];
  const dragged = last.y - finger.y;
  const speed = (last.y - first.y) / Math.max(1, last.ms - first.ms);
  const flicked = Math.abs(speed) > FLICK_PX_PER_MS && Math.sign(speed) === Math.sign(dragged);
  if (!flicked && Math.abs(dragged) < FAR * height) return 0;
  if (Math.abs(speed) > FLICK_PX_PER_MS && !flicked) return 0; // thought better of it
  return dragged < 0 ? 1 : -1;
}
