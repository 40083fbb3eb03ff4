/** Logarithm, exponential and power from additions and multiplications alone: engines disagree on `Math.log`'s last digit, and a lab's figures must not. */

const double = new Float64Array(1)
/** The same eight bytes; every machine that runs JavaScript today is little-endian, so `words[1]` holds sign, exponent and upper mantissa. */
const words = new Uint32Array(double.buffer)

const ln2High = 6.9314718036912381649e-1
const ln2Low = 1.90821492927058770002e-10

/** Natural logarithm, within one unit in the last place. After FreeBSD msun e_log.c (Sun Microsystems, 1993). */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN
  if (x === Infinity) return x
  let exponent = 0
  // A subnormal has no leading one.
  if (x < 2 ** -1022) {
    x *= 2 ** 54
    exponent = -54
  }
  double[0] = x
  const high = words[1]!
  exponent += (high >>> 20) - 1023
  words[1] = (high & 0xfffff) | 0x3ff00000
  let mantissa = double[0]
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    exponent++
  }
  const f = mantissa - 1
  const s = f / (2 + f)
  const z = s * s
  const w = z * z
  const odd = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332))
  const even =
    z * (0.666666666666673513 + w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591)))
  const half = 0.5 * f * f
  return exponent * ln2High - (half - (s * (half + odd + even) + exponent * ln2Low) - f)
}

/** e to the x, within one unit in the last place. After FreeBSD msun e_exp.c. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  if (x > 709.782712893384) return Infinity
  if (x < -745.1332191019411) return 0
  const k = Math.round(x / Math.LN2)
  const high = x - k * ln2High
  const low = k * ln2Low
  const r = high - low
  const t = r * r
  const c =
    r -
    t *
      (1.66666666666666019037e-1 +
        t *
          (-2.77777777770155933842e-3 +
            t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))))
  const y = 1 - (low - (r * c) / (2 - c) - high)
  // In two steps, so that neither power of two leaves the range.
  const half = k >> 1
  return y * powerOfTwo(half) * powerOfTwo(k - half)
}

/** x to the y, for x of 0 or more. */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1
  if (x === 0) return y > 0 ? 0 : Infinity
  return exp(y * ln(x))
}

/** For |k| of at most 1022. */
function powerOfTwo(k: number): number {
  words[0] = 0
  words[1] = (k + 1023) << 20
  return double[0]!
}
