/**
 * How much of a video was played, from what its element says: playback only, so a pause adds
 * nothing and what a seek jumps over adds nothing. In seconds of the video.
 */
export class Meter {
  /** Played so far, replays included. */
  playedS = 0;
  /** How often its end was reached. */
  ends = 0;
  private at = 0;
  private seeking = false;

  /** @param at where it stands when it is first looked at */
  constructor(at = 0) {
    this.at = at;
  }

  /** Full replays after the first. */
  get loops(): number {
    return Math.max(0, this.ends - 1);
  }

  /** `timeupdate`, and whenever somebody wants to know: it stands at `now`. */
  progress(now: number): void {
    if (this.seeking) return;
    const played = now - this.at;
    // Back without a seek: a source that was replaced. Its first moments are not known.
    if (played > 0) this.playedS += played;
    this.at = now;
  }

  /** `seeking`: it jumped to `to`. An element with `loop` does that at its end, by itself. */
  seek(to: number, durationS: number, loops: boolean): void {
    if (this.seeking) return;
    const near = Math.max(0.5, 0.02 * durationS); // `timeupdate` comes every quarter second
    if (loops && durationS > 0 && to < near && this.at > durationS - near) {
      this.end(durationS);
      this.at = to;
      return;
    }
    this.seeking = true;
  }

  /** `seeked`: it goes on from here. */
  seeked(now: number): void {
    this.seeking = false;
    this.at = now;
  }

  /** `ended`: it came to its end. */
  end(durationS: number): void {
    if (durationS > this.at) this.playedS += durationS - this.at;
    this.at = durationS;
    this.ends++;
  }
}
