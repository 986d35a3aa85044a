/** What the renderers of kernels ask of an adapter. */

export interface Traits {
  /** A fallback adapter, in software: barriers cost more than they save there, and few threads are enough. */
  readonly software: boolean
  /** Threads of a workgroup, and bytes that they may share. */
  readonly invocations: number
  readonly workgroupBytes: number
  /** Workgroups along one dimension of a dispatch. */
  readonly workgroups: number
  /** The least and the greatest size of a subgroup; undefined where shaders have none. */
  readonly subgroups: { readonly least: number; readonly most: number } | undefined
  /** Whether shaders compute in f16. */
  readonly f16: boolean
  /** Storage buffers that a shader may be given. */
  readonly bindings: number
  /** Bytes of the longest piece of a buffer that can be bound. */
  readonly bindingBytes: number
}

/** Operands of a kernel that has room for a gate and for scratch memory beside them. */
export const mostOperands = ({ bindings }: Traits): number => bindings - 2
