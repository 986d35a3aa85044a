/** A zip archive of PNG images of one size, in folders: Omniglot, and many a data set of one's own.
 *
 *  The folder is the class: the images of `Greek/character01/` are all of one, numbered in the order in which the
 *  archive first names them.
 *  Shapes   images [n, rows, columns], or [n, rows, columns, channels] where they are not grey · labels [n]
 *  Fails    badShape: the images are not alike | notFound: there are none | tooLarge | what zip and PNG fail with */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { NdArray } from '../ndarray.js'
import { type DataError, inFile, refuse } from '../outcome.js'
import { plainBytes } from './bytes.js'
import { type ArchiveOptions, fits } from './npz.js'
import { decodePng } from './png.js'
import { zipContent, zipMembers } from './zip.js'

export interface PngArchive {
  readonly images: NdArray<Uint8Array>
  /** The class of each image: a number of `classes`. */
  readonly labels: NdArray<Int32Array>
  /** The folders, '' for none. */
  readonly classes: readonly string[]
  /** The path of each image in the archive. */
  readonly names: readonly string[]
}

/** The images of an archive in its order; files that are not called `.png` are left out. */
export const decodePngArchive = (
  file: Uint8Array,
  { maximumBytes = 2 ** 31 }: ArchiveOptions = {},
): Either<DataError, PngArchive> => {
  const bytes = plainBytes(file)
  const listed = zipMembers(caller, bytes)
  if (isLeft(listed)) return listed
  const members = listed.right.filter(({ name }) => /\.png$/i.test(name) && !name.startsWith('__MACOSX/'))
  if (members.length === 0) return refuse('notFound', `${caller}: no .png among ${listed.right.length} files.`)
  const room = fits(caller, members, maximumBytes)
  if (isLeft(room)) return room
  const classes = new Map<string, number>()
  const labels = new Int32Array(members.length)
  let images: NdArray<Uint8Array> | undefined
  for (const [i, member] of members.entries()) {
    const content = zipContent(caller, bytes, member)
    if (isLeft(content)) return content
    const image = inFile(member.name)(decodePng(content.right))
    if (isLeft(image)) return image
    const { data, shape } = image.right
    const pixels = members.length * data.length
    if (pixels > maximumBytes)
      return refuse(
        'tooLarge',
        `${caller}: ${pixels} bytes of pixels, ${maximumBytes} are allowed: raise \`maximumBytes\`.`,
      )
    images ??= { data: new Uint8Array(pixels), shape: [members.length, ...shape] }
    if (String(shape) !== String(images.shape.slice(1)))
      return inFile(member.name)(
        refuse(
          'badShape',
          `${caller}: [${shape.join(', ')}], the first image has [${images.shape.slice(1).join(', ')}].`,
        ),
      )
    images.data.set(data, i * data.length)
    const folder = member.name.slice(0, Math.max(0, member.name.lastIndexOf('/')))
    if (!classes.has(folder)) classes.set(folder, classes.size)
    labels[i] = classes.get(folder)!
  }
  return right({
    images: images!,
    labels: { data: labels, shape: [members.length] },
    classes: [...classes.keys()],
    names: members.map(({ name }) => name),
  })
}

const caller = 'decodePngArchive'
