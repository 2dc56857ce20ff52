/**
 * Steps from a wheel or a trackpad: one per notch, one per flick. A flick rolls on for a second,
 * ever more slowly; the next step begins when it has come to rest, turns, or is pushed again.
 */
export class Wheel {
  private lastMs = -Infinity;
  private steppedMs = -Infinity;
  private stepped = false; // in this turn
  private rolled = 0;
  private speed = 0;
  private sign = 0;

  /** What an event at `nowMs` means: a step on, back, or none. */
  turn(deltaY: number, nowMs: number): 1 | -1 | 0 {
    const sign = Math.sign(deltaY) as 1 | -1 | 0;
    const speed = Math.abs(deltaY);
    const rested = nowMs - this.lastMs > REST_MS || sign !== this.sign;
    const pushed = speed >= PUSH && speed >= this.speed && nowMs - this.steppedMs > AGAIN_MS;
    if (rested || pushed) {
      this.rolled = 0;
      this.stepped = false;
    }
    [this.lastMs, this.sign, this.speed] = [nowMs, sign, speed];
    this.rolled += deltaY;
    if (this.stepped || Math.abs(this.rolled) < NOTCH) return 0;
    this.stepped = true;
    this.steppedMs = nowMs;
    return sign;
  }
}

const REST_MS = 90;
const AGAIN_MS = 350; // between two steps of one turn
const PUSH = 40; // pixels at once: slower is rolling out
const NOTCH = 24;
