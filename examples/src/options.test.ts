import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseOptions, resumed } from './options.js'

const choice = (...words: string[]) => parseOptions(words, {}).choice

test('without words it is the setting of the paper', () => {
  const { epochs, batch, hidden, settings, interval, terms, estimator, optimiser, tune } = choice()
  assert.equal([epochs, batch, hidden, settings, interval, terms], [2, 50, 50, 4, 10, 5])
  assert.equal([estimator, optimiser], ['onepass', 'momentum'])
  assert.equal(
    tune.map(({ name, each }) => `${name} ${each}`),
    ['lr false', 'momentum false', 'decay false'],
  )
})

test('a task has defaults of its own, and options go before them', () => {
  const own = choice('--task', 'uci:energy')
  assert.equal([own.task, own.batch, own.epochs], ['uci:energy', 'all', 4000])
  assert.equal([choice('--task', 'uci:energy', '--batch', '64').batch, choice('--batch', 'all').batch], [64, 'all'])
})

test('what is tuned follows from optimiser and estimator, or is listed', () => {
  const names = (...words: string[]): string =>
    choice(...words)
      .tune.map(({ name }) => name)
      .join()
  assert.is(names('--optimiser', 'adam'), 'lr,beta1,beta2,decay')
  assert.is(names('--optimiser', 'sgd'), 'lr,decay')
  assert.is(names('--estimator', 'implicit'), 'decay')
  assert.equal(choice('--tune', 'lr:each,decay').tune, [
    { name: 'lr', each: true },
    { name: 'decay', each: false },
  ])
})

test('where hyperparameters begin can be said', () => {
  for (const list of ['lr=0.01,momentum=0.9', 'lr=0.01, momentum = 0.9'])
    assert.equal(choice('--start', list).start, { lr: 0.01, momentum: 0.9 })
})

test('values out of range are refused with the option, what it takes, and what was given', () => {
  const wrong = (words: string[], message: RegExp): void => {
    assert.throws(() => parseOptions(words, {}), message)
  }
  wrong(['--epochs', '0'], /--epochs is a whole number, at least 1, got '0'/)
  wrong(['--epochs', '1.5'], /--epochs/)
  wrong(['--epochs', ''], /--epochs/)
  wrong(['--batch', 'many'], /--batch is a whole number, at least 1, got 'many'/)
  wrong(['--hidden', '-3'], /--hidden|ambiguous/)
  wrong(['--seed', '0.5'], /--seed/)
  wrong(['--terms', '0'], /--terms/)
  wrong(['--threads', '0'], /--threads/)
  wrong(['--device', 'gpu'], /--device is one of wasm, plain, got 'gpu'/)
  wrong(['--task', 'imagenet'], /--task is one of mnist, .*, got 'imagenet'/)
  wrong(['--task', 'constructor'], /--task is one of/)
  wrong(['--task', 'uci'], /--task uci names a set, such as uci:energy/)
  wrong(['--task', 'mnist:x'], /--task mnist has no variants/)
  wrong(['--estimator', 'exact'], /--estimator is one of onepass, unrolled, implicit, got 'exact'/)
  wrong(['--optimiser', 'lbfgs'], /--optimiser is one of sgd, .*, got 'lbfgs'/)
  wrong(['--tune', 'rate'], /--tune is a list of lr, momentum, decay, .* got 'rate'/)
  wrong(['--tune', 'lr:all'], /got 'lr:all'/)
  wrong(['--tune', 'lr,lr:each'], /--tune names a hyperparameter twice/)
  wrong(['--tune', 'momentum', '--optimiser', 'sgd'], /--tune is a list of lr, decay/)
  wrong(['--tune', 'lr', '--estimator', 'implicit'], /--tune lr is out of reach of --estimator implicit/)
  wrong(['--start', 'lr=0'], /--start lr is a number from 1e-10 to 1, got 'lr=0'/)
  // the space in which it is tuned ends at 1: both arms are to begin at one place
  wrong(['--start', 'lr=5'], /got 'lr=5'/)
  wrong(['--start', 'lr=0.1=3'], /got 'lr=0.1=3'/)
  wrong(['--start', 'decay=-1'], /--start decay is a positive number, got 'decay=-1'/)
  // 1 in single precision
  wrong(['--start', 'momentum=0.99999999'], /--start momentum is a positive number below 1/)
  wrong(['--start', 'momentum=1'], /--start momentum is a positive number below 1/)
  wrong(['--start', 'rho=0.9'], /--start is of lr, momentum, decay, got 'rho=0.9'/)
  wrong(['--start', 'lr'], /--start lr/)
  wrong(['--estimator', 'unrolled', '--terms', '11'], /--terms is 11, only the 10 steps/)
  wrong(['--resume'], /--resume goes on from a checkpoint: --checkpoint names its file/)
  wrong(['--checkpoint', 'run.txt'], /--checkpoint is a file that ends in .safetensors or .npz, got 'run.txt'/)
  wrong(['digits'], /Unexpected argument 'digits'/)
  wrong(['--epoch', '3'], /Unknown option '--epoch'/)
})

test('the folder comes from --data, and what NEUMANN_DATA says is known besides', () => {
  const folders = (NEUMANN_DATA: string, ...words: string[]) => {
    const { data, usualData } = parseOptions(words, { NEUMANN_DATA })
    return [data, usualData]
  }
  assert.equal(folders(''), [undefined, undefined])
  assert.equal(folders('/a'), [undefined, '/a'])
  assert.equal(folders('/a', '--data', '/b'), ['/b', '/a'])
})

test('a run that goes on takes what was kept, and refuses what is given otherwise', () => {
  const kept = choice('--epochs', '7')
  const again = (...words: string[]) =>
    resumed(parseOptions(['--resume', '--checkpoint', 'f.npz', ...words], {}), kept).choice
  assert.is(again().epochs, 7)
  assert.is(again('--epochs', '7').epochs, 7)
  assert.throws(() => again('--epochs', '8'), /--epochs is 8, in the checkpoint 7/)
  assert.throws(() => again('--samples', '8'), /--samples is 8, which the checkpoint does not have/)
})

test.run()
