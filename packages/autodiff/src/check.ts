export { checkKernel, type KernelCheck, type KernelCheckOptions, type KernelReport } from './api/checkKernel.js'
