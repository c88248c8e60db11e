/**
 * Solves `A x = b` for a symmetric matrix without negative eigenvalues, by `A = L L'` (Golub and Van Loan, "Matrix
 * computations", 4.2.5). A row that depends on those before it (its pivot is rounding error) gets 0: of inputs that are sums of
 * each other the first ones keep their coefficients.
 * @param a n * n, row by row; the lower half is read, and overwritten by L.
 */
export function solve(a: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const at = (i: number, j: number) => a[i * n + j] as number;
  const isFree = new Uint8Array(n);
  for (let j = 0; j < n; j += 1) {
    let pivot = at(j, j);
    for (let k = 0; k < j; k += 1) pivot -= at(j, k) ** 2;
    isFree[j] = Number(pivot > 1e-11 * at(j, j));
    const root = Math.sqrt(Math.max(pivot, 0));
    a[j * n + j] = root;
    for (let i = j + 1; i < n; i += 1) {
      let sum = at(i, j);
      for (let k = 0; k < j; k += 1) sum -= at(i, k) * at(j, k);
      a[i * n + j] = isFree[j] === 1 ? sum / root : 0;
    }
  }
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i += 1) {
    let sum = x[i] as number;
    for (let k = 0; k < i; k += 1) sum -= at(i, k) * (x[k] as number);
    x[i] = isFree[i] === 1 ? sum / at(i, i) : 0;
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    let sum = x[i] as number;
    for (let k = i + 1; k < n; k += 1) sum -= at(k, i) * (x[k] as number);
    x[i] = isFree[i] === 1 ? sum / at(i, i) : 0;
  }
  return x;
}
