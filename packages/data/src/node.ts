/** @neumann/data/node: data sets from files, in Node. Each reader is a task: it runs when it is called, and throws
 *  nothing. */

export { readFile } from './files/files.js'
export { mnist, readCifar10, readMnist, readMnistPart } from './files/images.js'
export { readPtb, readUci } from './files/tables.js'
