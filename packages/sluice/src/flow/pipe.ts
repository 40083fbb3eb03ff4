/** `pipe`: a source through operators, types inferred from left to right. */

type To<A, B> = (from: A) => B

/**
 * Passes `source` through each step. Steps are operators; the last may be anything that takes a
 * flow, as `collect()`, `forEach(…)` or `sendTo(channel)`. Nothing happens before the result is
 * iterated. Types go up to 16 steps; a longer one is a pipe in a pipe: `pipe(pipe(source, …), …)`.
 *
 * @example
 * const names = await pipe(users, filter((user) => user.active), map((user) => user.name), take(10), collect())
 */
export function pipe<A>(source: A): A
export function pipe<A, B>(source: A, b: To<A, B>): B
export function pipe<A, B, C>(source: A, b: To<A, B>, c: To<B, C>): C
export function pipe<A, B, C, D>(source: A, b: To<A, B>, c: To<B, C>, d: To<C, D>): D
export function pipe<A, B, C, D, E>(source: A, b: To<A, B>, c: To<B, C>, d: To<C, D>, e: To<D, E>): E
export function pipe<A, B, C, D, E, F>(source: A, b: To<A, B>, c: To<B, C>, d: To<C, D>, e: To<D, E>, f: To<E, F>): F
export function pipe<A, B, C, D, E, F, G>(
  source: A,
  b: To<A, B>,
  c: To<B, C>,
  d: To<C, D>,
  e: To<D, E>,
  f: To<E, F>,
  g: To<F, G>,
): G
export function pipe<A, B, C, D, E, F, G, H>(
  source: A,
  b: To<A, B>,
  c: To<B, C>,
  d: To<C, D>,
  e: To<D, E>,
  f: To<E, F>,
  g: To<F, G>,
  h: To<G, H>,
): H
export function pipe<A, B, C, D, E, F, G, H, I>(
  source: A,
  b: To<A, B>,
  c: To<B, C>,
  d: To<C, D>,
  e: To<D, E>,
  f: To<E, F>,
  g: To<F, G>,
  h: To<G, H>,
  i: To<H, I>,
): I
export function pipe<A, B, C, D, E, F, G, H, I, J>(
  source: A,
  b: To<A, B>,
  c: To<B, C>,
  d: To<C, D>,
  e: To<D, E>,
  f: To<E, F>,
  g: To<F, G>,
  h: To<G, H>,
  i: To<H, I>,
  j: To<I, J>,
): J
export function pipe<A, B, C, D, E, F, G, H, I, J, K>(
  source: A,
  b: To<A, B>,
  c: To<B, C>,
  d: To<C, D>,
  e: To<D, E>,
  f: To<E, F>,
  g: To<F, G>,
  h: To<G, H>,
  i: To<H, I>,
  j: To<I, J>,
  k: To<J, K>,
): K
export function pipe<A, B, C, D, E, F, G, H, I, J, K, L>(
  source: A,
  b: To<A, B>,
  c: To<B, C>,
  d: To<C, D>,
  e: To<D, E>,
  f: To<E, F>,
  g: To<F, G>,
  h: To<G, H>,
  i: To<H, I>,
  j: To<I, J>,
  k: To<J, K>,
  l: To<K, L>,
): L
export function pipe<A, B, C, D, E, F, G, H, I, J, K, L, M>(
  source: A,
  b: To<A, B>,
  c: To<B, C>,
  d: To<C, D>,
  e: To<D, E>,
  f: To<E, F>,
  g: To<F, G>,
  h: To<G, H>,
  i: To<H, I>,
  j: To<I, J>,
  k: To<J, K>,
  l: To<K, L>,
  m: To<L, M>,
): M
export function pipe<A, B, C, D, E, F, G, H, I, J, K, L, M, N>(
  source: A,
  b: To<A, B>,
  c: To<B, C>,
  d: To<C, D>,
  e: To<D, E>,
  f: To<E, F>,
  g: To<F, G>,
  h: To<G, H>,
  i: To<H, I>,
  j: To<I, J>,
  k: To<J, K>,
  l: To<K, L>,
  m: To<L, M>,
  n: To<M, N>,
): N
export function pipe<A, B, C, D, E, F, G, H, I, J, K, L, M, N, O>(
  source: A,
  b: To<A, B>,
  c: To<B, C>,
  d: To<C, D>,
  e: To<D, E>,
  f: To<E, F>,
  g: To<F, G>,
  h: To<G, H>,
  i: To<H, I>,
  j: To<I, J>,
  k: To<J, K>,
  l: To<K, L>,
  m: To<L, M>,
  n: To<M, N>,
  o: To<N, O>,
): O
export function pipe<A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P>(
  source: A,
  b: To<A, B>,
  c: To<B, C>,
  d: To<C, D>,
  e: To<D, E>,
  f: To<E, F>,
  g: To<F, G>,
  h: To<G, H>,
  i: To<H, I>,
  j: To<I, J>,
  k: To<J, K>,
  l: To<K, L>,
  m: To<L, M>,
  n: To<M, N>,
  o: To<N, O>,
  p: To<O, P>,
): P
export function pipe<A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q>(
  source: A,
  b: To<A, B>,
  c: To<B, C>,
  d: To<C, D>,
  e: To<D, E>,
  f: To<E, F>,
  g: To<F, G>,
  h: To<G, H>,
  i: To<H, I>,
  j: To<I, J>,
  k: To<J, K>,
  l: To<K, L>,
  m: To<L, M>,
  n: To<M, N>,
  o: To<N, O>,
  p: To<O, P>,
  q: To<P, Q>,
): Q
export function pipe(source: unknown, ...steps: To<unknown, unknown>[]): unknown {
  return steps.reduce((flow, step) => step(flow), source)
}
