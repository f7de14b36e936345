import assert from "node:assert/strict";
import { FakeClock } from "../../base/mod.ts";
import type { StreamPipe } from "../kubelet_connector.ts";
import { bridge, MESSAGES_WAITING_MAXIMUM_BYTES } from "./message_bridge.ts";

/** A pipe whose far side is the test. */
class FakePipe implements StreamPipe {
  buffered = 0;
  closed = false;
  paused = false;
  readonly sent: number[] = [];
  deliver: (message: Uint8Array) => void = () => {};
  end: (error?: Error) => void = () => {};

  send(message: Uint8Array): void {
    this.sent.push(message.length);
  }

  receive(onMessage: (message: Uint8Array) => void, onEnd: (error?: Error) => void): void {
    this.deliver = onMessage;
    this.end = onEnd;
  }

  close(): void {
    this.closed = true;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

const MEBIBYTE = 1024 * 1024;

Deno.test("bridge holds back what a slow side has not taken, in order, and ends after it", async () => {
  const clock = new FakeClock();
  const [left, right] = [new FakePipe(), new FakePipe()];
  void bridge(left, right, clock);
  left.deliver(new Uint8Array(1));
  right.buffered = 2 * MEBIBYTE;
  left.deliver(new Uint8Array(2));
  left.deliver(new Uint8Array(MEBIBYTE));
  assert.deepEqual([right.sent, left.paused], [[1], true]);
  left.end();
  assert.equal(right.closed, false);
  await clock.advance(100);
  assert.deepEqual(right.sent, [1]);
  right.buffered = 0;
  await clock.advance(5);
  assert.deepEqual([right.sent, left.paused, right.closed], [[1, 2, MEBIBYTE], false, true]);
  assert.equal(clock.pending, 0);
});

Deno.test("bridge drops what waits for a side that is gone", async () => {
  const clock = new FakeClock();
  const [left, right] = [new FakePipe(), new FakePipe()];
  void bridge(left, right, clock);
  right.buffered = 2 * MEBIBYTE;
  left.deliver(new Uint8Array(2));
  right.end();
  assert.equal(left.closed, true);
  left.deliver(new Uint8Array(3));
  await clock.advance(100);
  assert.deepEqual([right.sent, clock.pending], [[], 0]);
});

Deno.test("bridge ends a session whose source cannot wait and sends too much", () => {
  const clock = new FakeClock();
  const [left, right] = [new FakePipe(), new FakePipe()];
  void bridge(left, right, clock);
  right.buffered = 2 * MEBIBYTE;
  const message = new Uint8Array(MESSAGES_WAITING_MAXIMUM_BYTES / 2);
  left.deliver(message);
  left.deliver(message);
  assert.deepEqual([left.closed, right.closed], [false, false]);
  left.deliver(new Uint8Array(1));
  assert.deepEqual([left.closed, right.closed, clock.pending], [true, true, 0]);
});
