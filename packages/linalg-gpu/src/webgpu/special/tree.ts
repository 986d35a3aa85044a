/** What the threads of a workgroup found becomes one, half of them at a time. Each has put what it found in shared memory at `lane`; in the
 *  end it stands at 0, for thread 0 to see: others need a barrier more. */
export const halving = (
  threads: number,
  combine: string,
): string => `for (var half = ${threads / 2}; half > 0; half /= 2) {
  workgroupBarrier();
  if (lane < half) {
    ${combine}
  }
}`

/** The greatest of the threads' keys `most`, with the least `best` of equals: in `keys` and `places`. */
export const greatest = (threads: number): { readonly declarations: string; readonly body: string } => ({
  declarations: `var<workgroup> keys: array<u32, ${threads}>;
var<workgroup> places: array<u32, ${threads}>;`,
  body: `keys[lane] = most;
places[lane] = best;
${halving(
  threads,
  `let next = keys[lane + half];
    let place = places[lane + half];
    if (next > keys[lane] || (next == keys[lane] && place < places[lane])) {
      keys[lane] = next;
      places[lane] = place;
    }`,
)}`,
})
