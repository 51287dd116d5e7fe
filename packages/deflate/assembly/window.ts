// The window of a context: the last bytes of its stream, in a ring. Contexts of both directions begin with these fields.
import { within } from './areas';

@unmanaged
export class Window {
  ring: usize;
  /** The size of the ring, a power of two: at most the largest distance, and less while the stream is short. */
  ringSize: u32;
  /** How many bytes of the ring are history. */
  historyLength: u32;
  /** Where the next byte goes. */
  ringPosition: u32;
}

/** Empties a window, and gives it a ring of `ringSize` bytes. */
export function resetWindow(window: Window, ring: usize, ringSize: u32): void {
  window.ring = ring;
  window.ringSize = ringSize;
  window.historyLength = 0;
  window.ringPosition = 0;
}

/** Appends bytes. The ring keeps the last ones that fit. */
export function append(window: Window, from: usize, length: u32): void {
  const size = window.ringSize;
  const ring = window.ring;
  if (length >= size) {
    memory.copy(ring, from + length - size, size);
    window.ringPosition = 0;
    window.historyLength = size;
    return;
  }
  const at = window.ringPosition;
  const first = min(length, size - at);
  within(ring + at, first, ring, ring + size);
  memory.copy(ring + at, from, first);
  if (length > first) memory.copy(ring, from + first, length - first);
  window.ringPosition = (at + length) & (size - 1);
  window.historyLength = min(window.historyLength + length, size);
}

/** Copies bytes into an area, starting `back` bytes before the end of the window. */
export function copyOut(
  window: Window,
  back: u32,
  to: usize,
  length: u32,
  area: usize,
  areaEnd: usize,
): void {
  if (!ASC_NO_ASSERT) assert(back <= window.historyLength && length <= back);
  within(to, length, area, areaEnd);
  const size = window.ringSize;
  const ring = window.ring;
  const start = (window.ringPosition - back) & (size - 1);
  const first = min(length, size - start);
  memory.copy(to, ring + start, first);
  if (length > first) memory.copy(to + first, ring, length - first);
}
