/** All reproductions by name; each is loaded when it is asked for. */

import type { Reproduction } from './reproduction.js'

export const reproductions: { readonly [name: string]: () => Promise<Reproduction> } = {
  'clarke-energy': async () => (await import('./clarkeUci.js')).clarkeEnergy,
  'clarke-kin8nm': async () => (await import('./clarkeUci.js')).clarkeKin8nm,
  'clarke-power': async () => (await import('./clarkeUci.js')).clarkePower,
  'clarke-fashion': async () => (await import('./clarkeImages.js')).clarkeFashion,
  'clarke-mnist': async () => (await import('./clarkeImages.js')).clarkeMnist,
  phantom: async () => (await import('./phantom.js')).phantom,
  'hyper-cleaning': async () => (await import('./hyperCleaning.js')).hyperCleaning,
  overfit: async () => (await import('./overfit.js')).overfit,
  distillation: async () => (await import('./distillation.js')).distillation,
  maclaurin: async () => (await import('./maclaurin.js')).maclaurin,
  toys: async () => (await import('./toys.js')).toys,
  'single-loop': async () => (await import('./singleLoop.js')).singleLoop,
}
