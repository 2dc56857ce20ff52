import assert from "node:assert/strict";
import { test } from "node:test";
import { Meter } from "../src/index.js";

function played(meter: Meter): number {
  return Math.round(1000 * meter.playedS);
}

test("playback counts, a pause does not", () => {
  const meter = new Meter();
  meter.progress(0.25);
  meter.progress(1);
  meter.progress(1);
  assert.equal(played(meter), 1000);
});

test("what a seek jumps over does not count, in either direction", () => {
  const meter = new Meter();
  meter.progress(2);
  meter.seek(9, 15, false);
  meter.progress(9);
  meter.seeked(9);
  meter.progress(10);
  meter.seek(1, 15, false);
  meter.seeked(1);
  meter.progress(1.5);
  assert.equal(played(meter), 3500);
  assert.equal(meter.ends, 0);
});

test("a video that ends and is played again has one replay when it ends again", () => {
  const meter = new Meter();
  meter.progress(4.8);
  meter.end(5);
  assert.equal(meter.loops, 0);
  meter.seek(0, 5, false);
  meter.seeked(0);
  meter.progress(4.9);
  meter.end(5);
  assert.deepEqual([played(meter), meter.ends, meter.loops], [10_000, 2, 1]);
});

test("an element that loops by itself reaches its end by a jump to its start", () => {
  const meter = new Meter();
  for (let round = 0; round < 3; round++) {
    meter.progress(4.8);
    meter.seek(0, 5, true);
    meter.seeked(0);
  }
  meter.progress(1);
  assert.deepEqual([played(meter), meter.ends, meter.loops], [16_000, 3, 2]);
});

test("a jump to the start from the middle is no end, also where the element loops", () => {
  const meter = new Meter();
  meter.progress(2);
  meter.seek(0, 5, true);
  meter.seeked(0);
  assert.deepEqual([played(meter), meter.ends], [2000, 0]);
});

test("what was played before anybody looked does not count", () => {
  const meter = new Meter(7);
  meter.progress(8);
  assert.equal(played(meter), 1000);
});
