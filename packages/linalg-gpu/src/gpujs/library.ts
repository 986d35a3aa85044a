/** The functions that kernels call, in GLSL for WebGL2 and in JavaScript for the CPU mode of gpu.js.
 *
 *  Most are written once, in the part of GLSL that becomes JavaScript word by word: so what is tested in Node is what a GPU compiles.
 *  Truths are 0 and 1. GLSL promises little of its own functions: exp and log to some ulp, sin and cos to an absolute 2⁻¹¹, pow, atan
 *  and the hyperbolic ones next to nothing. So all but exp and log are made of these and of series here, those of the circle after
 *  Cephes (Moshier), and these two are asked for what they are defined for. What else GLSL leaves undefined (division by zero, NaN in
 *  comparisons, subnormal numbers) is what the GPU does: IEEE 754 on most, with zeros for what is subnormal. */

const written = `
float k_same(float x) { return x; }
float k_neg(float x) { return -x; }
float k_add(float x, float y) { return x + y; }
float k_sub(float x, float y) { return x - y; }
float k_mul(float x, float y) { return x * y; }
float k_div(float x, float y) { return x / y; }
float k_abs(float x) { return abs(x); }
float k_sign(float x) { return x > 0.0 ? 1.0 : (x < 0.0 ? -1.0 : x); }
float k_floor(float x) { return floor(x); }
float k_ceil(float x) { return ceil(x); }
float k_trunc(float x) { return trunc(x); }
float k_even(float n) { return n == 2.0 * floor(0.5 * n) ? 1.0 : 0.0; }
float k_round(float x) { float n = floor(x); float d = x - n; return d < 0.5 ? n : (d == 0.5 && k_even(n) == 1.0 ? n : n + 1.0); }
float k_not(float x) { return 1.0 - x; }
float k_square(float x) { return x * x; }
float k_sqrt(float x) { return sqrt(x); }
float k_rsqrt(float x) { return 1.0 / sqrt(x); }
float k_exp(float x) { return k_isnan(x) == 1.0 ? x : exp(x); }
float k_log(float x) { return x > 0.0 ? (k_isinfinite(x) == 1.0 ? x : log(x)) : (x == 0.0 ? -k_infinity() : k_nan()); }
float k_expm1(float x) { return abs(x) > 0.5 ? k_exp(x) - 1.0 : x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0 * (1.0 + x / 7.0 * (1.0 + x / 8.0))))))); }
float k_log1p(float x) { float s = x / (2.0 + x); float z = s * s; return abs(x) > 0.25 ? k_log(1.0 + x) : 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (0.2 + z * (1.0 / 7.0 + z / 9.0)))); }
float k_sinh(float x) { float a = abs(x); float d = k_expm1(a); float y = a > 10.0 ? k_exp(a - 0.6931471805599453) : 0.5 * (d + d / (d + 1.0)); return x < 0.0 ? -y : y; }
float k_cosh(float x) { float h = k_exp(abs(x) - 0.6931471805599453); return h + 0.25 / h; }
float k_tanh(float x) { float d = k_expm1(-2.0 * abs(x)); float y = -d / (d + 2.0); return x < 0.0 ? -y : y; }
float k_asinh(float x) { float a = abs(x); float y = a > 10000.0 ? k_log(a) + 0.6931471805599453 : k_log1p(a + a * a / (1.0 + sqrt(1.0 + a * a))); return x < 0.0 ? -y : y; }
float k_acosh(float x) { float t = x - 1.0; return x > 10000.0 ? k_log(x) + 0.6931471805599453 : k_log1p(t + sqrt(t * (2.0 + t))); }
float k_atanh(float x) { float a = abs(x); float y = 0.5 * k_log1p(2.0 * a / (1.0 - a)); return x < 0.0 ? -y : y; }
float k_sigmoid(float x) { return 1.0 / (1.0 + k_exp(-x)); }
float k_softplus(float x) { return (x > 0.0 ? x : 0.0) + k_log1p(k_exp(-abs(x))); }
float k_relu(float x) { return x <= 0.0 ? 0.0 : x; }
float k_cbrt(float x) { float a = abs(x); float y = k_exp(k_log(a) / 3.0); float r = y - (y - a / (y * y)) / 3.0; return a == 0.0 || a > 3.0e38 ? x : (x < 0.0 ? -r : r); }
float k_quarters(float x) { return floor(0.6366197723675814 * x + 0.5); }
float k_within(float x) { float n = k_quarters(x); return x - n * 1.5703125 - n * 0.0004837512969970703 - n * 7.549789954891882e-8; }
float k_sine(float t) { float z = t * t; return t + t * z * (-0.16666654611 + z * (0.0083321608736 - z * 0.00019515295891)); }
float k_cosine(float t) { float z = t * t; return 1.0 - 0.5 * z + z * z * (0.04166664568298827 + z * (-0.001388731625493765 + z * 0.00002443315711809948)); }
float k_shifted(float x, float by) { float n = k_quarters(x) + by; float q = n - 4.0 * floor(0.25 * n); float t = k_within(x); float y = q == 1.0 || q == 3.0 ? k_cosine(t) : k_sine(t); return q >= 2.0 ? -y : y; }
float k_sin(float x) { return k_shifted(x, 0.0); }
float k_cos(float x) { return k_shifted(x, 1.0); }
float k_tan(float x) { return k_sin(x) / k_cos(x); }
float k_arc(float t) { float z = t * t; return t + t * z * (-0.333329491539 + z * (0.199777106478 + z * (-0.138776856032 + z * 0.0805374449538))); }
float k_atan(float x) { float a = abs(x); float y = a > 2.414213562373095 ? 1.5707963267948966 - k_arc(1.0 / a) : (a > 0.4142135623730950 ? 0.7853981633974483 + k_arc((a - 1.0) / (a + 1.0)) : k_arc(a)); return x < 0.0 ? -y : y; }
float k_asin(float x) { return 2.0 * k_atan(x / (1.0 + sqrt((1.0 - x) * (1.0 + x)))); }
float k_acos(float x) { return x > 0.5 ? 2.0 * k_asin(sqrt(0.5 * (1.0 - x))) : 1.5707963267948966 - k_asin(x); }
float k_turned(float y) { return y < 0.0 ? -3.141592653589793 : 3.141592653589793; }
float k_atan2(float y, float x) { return x == 0.0 ? (y == 0.0 ? 0.0 : 0.5 * k_turned(y)) : k_atan(y / x) + (x < 0.0 ? k_turned(y) : 0.0); }
float k_max(float x, float y) { return k_isnan(x) == 1.0 ? x : (k_isnan(y) == 1.0 ? y : max(x, y)); }
float k_min(float x, float y) { return k_isnan(x) == 1.0 ? x : (k_isnan(y) == 1.0 ? y : min(x, y)); }
float k_and(float x, float y) { return x * y; }
float k_or(float x, float y) { return x + y - x * y; }
float k_xor(float x, float y) { return abs(x - y); }
float k_eq(float x, float y) { return x == y ? 1.0 : 0.0; }
float k_ne(float x, float y) { return x == y ? 0.0 : 1.0; }
float k_lt(float x, float y) { return x < y ? 1.0 : 0.0; }
float k_le(float x, float y) { return x <= y ? 1.0 : 0.0; }
float k_gt(float x, float y) { return x > y ? 1.0 : 0.0; }
float k_ge(float x, float y) { return x >= y ? 1.0 : 0.0; }
float k_select(float c, float x, float y) { return c == 0.0 ? y : x; }
float k_bool(float x) { return x == 0.0 ? 0.0 : 1.0; }
float k_inside(float i, float n) { return i >= 0.0 && i < n ? 1.0 : 0.0; }`

// GLSL promises neither that NaN are kept nor that they compare as such: bits tell
const apart = `
float k_nan() { return uintBitsToFloat(0x7fc00000u); }
float k_infinity() { return uintBitsToFloat(0x7f800000u); }
float k_isnan(float x) { return (floatBitsToUint(x) & 0x7fffffffu) > 0x7f800000u ? 1.0 : 0.0; }
float k_isinfinite(float x) { return (floatBitsToUint(x) & 0x7fffffffu) == 0x7f800000u ? 1.0 : 0.0; }
float k_isfinite(float x) { return (floatBitsToUint(x) & 0x7f800000u) == 0x7f800000u ? 0.0 : 1.0; }
float k_pow(float x, float y) { if (y == floor(y) && abs(y) <= 32.0) { int n = int(abs(y)); float p = 1.0; float s = x; for (int i = 0; i < 6; i++) { if ((n & 1) == 1) { p *= s; } s *= s; n >>= 1; } return y < 0.0 ? 1.0 / p : p; } float p = k_exp(y * k_log(abs(x))); return x == 1.0 ? 1.0 : (x >= 0.0 ? p : (y == floor(y) ? (k_even(y) == 1.0 ? p : -p) : k_nan())); }
int k_quotient(int i, int n) { return i / n; }
int k_guarded(float within, float i) { return within == 0.0 ? 0 : int(i); }`

const apartInJavaScript = `
function k_nan() { return NaN; }
function k_infinity() { return Infinity; }
function k_isnan(x) { return x !== x ? 1 : 0; }
function k_isinfinite(x) { return Math.abs(x) === Infinity ? 1 : 0; }
function k_isfinite(x) { return Math.abs(x) < Infinity ? 1 : 0; }
function k_pow(x, y) { return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y; }
function k_quotient(i, n) { return Math.floor(i / n); }
function k_guarded(within, i) { return within === 0 ? 0 : i; }`

const inJavaScript = (glsl: string): string =>
  glsl
    .replace(/^float (k_\w+)\(([^)]*)\)/, (_, name, list) => `function ${name}(${list.replace(/float /g, '')})`)
    .replace(/\bfloat /g, 'const ')
    .replace(/\b(abs|floor|ceil|trunc|sqrt|exp|log|max|min)\(/g, 'Math.$1(')

const lines = (text: string): readonly string[] => text.trim().split('\n')
const byName = (all: readonly string[]): ReadonlyMap<string, string> =>
  new Map(all.map((line) => [/k_\w+/.exec(line)![0], line]))

const glsl = byName([...lines(apart), ...lines(written)])
const javaScript = byName([...lines(apartInJavaScript), ...lines(written).map(inJavaScript)])

/** What gpu.js wants to know of a function whose text it does not read. */
export interface Native {
  readonly name: string
  readonly source: string
  readonly argumentTypes: Readonly<Record<string, string>>
  readonly returnType: string
}

export interface Library {
  /** The functions and those that they call, callees first. */
  readonly text: string
  readonly natives: readonly Native[]
}

const typeNames = { float: 'Number', int: 'Integer' } as const

const nativeOf = (name: string): Native => {
  const [, returns, list] = /^(float|int) k_\w+\(([^)]*)\)/.exec(glsl.get(name)!) as unknown as [
    string,
    'float' | 'int',
    string,
  ]
  const typed = list === '' ? [] : list.split(', ').map((one) => one.split(' ') as ['float' | 'int', string])
  return {
    name,
    // the text is injected, with what it calls
    source: '',
    argumentTypes: Object.fromEntries(typed.map(([type, argument]) => [argument, typeNames[type]])),
    returnType: typeNames[returns],
  }
}

const called = (text: string): readonly string[] => [...new Set(text.match(/\bk_\w+/g) ?? [])]

/** The functions that a kernel's text calls. */
export const libraryFor = (kernel: string, mode: 'cpu' | 'webgl2'): Library => {
  const all = mode === 'cpu' ? javaScript : glsl
  const placed = new Set<string>()
  const place = (name: string): void => {
    for (const callee of called(all.get(name)!)) if (callee !== name && !placed.has(callee)) place(callee)
    placed.add(name)
  }
  const names = called(kernel)
  for (const name of names) if (!placed.has(name)) place(name)
  return { text: [...placed].map((name) => all.get(name)!).join('\n'), natives: names.map(nativeOf) }
}
