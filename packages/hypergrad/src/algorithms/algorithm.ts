/** What a bilevel algorithm is: a pair of pure functions around a state, in the form that `iterate(step, state, samples)` takes. */

export interface Algorithm<Begin, State, Samples, Report> {
  readonly init: (begin: Begin) => State
  readonly step: (state: State, samples: Samples) => readonly [State, Report]
}
