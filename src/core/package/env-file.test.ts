import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPawlError } from '../errors.ts'
import { parseEnvFile } from './env-file.ts'

test.each([
  ['A=1', '1'],
  ['export A=1', '1'],
  ['A = 1 ', '1'],
  ['A=', ''],
  ['A="x y"', 'x y'],
  ["A='x $HOME'", 'x $HOME'],
  ['A="say \\"hi\\" \\$5"', 'say "hi" $5'],
  ['A=x # a note', 'x'],
  ['A="x # no note" # a note', 'x # no note'],
  ['A=x#y', 'x#y'],
  ['A=x\r', 'x'],
  ['\u{feff}A=x', 'x'],
  ['A="one\ntwo"', 'one\ntwo'],
  ['A=$(id)', '$(id)'],
  ['A=`id`', '`id`'],
  ['A=a=b', 'a=b'],
])('%j gives %j', (text, value) => {
  expect(parseEnvFile(text, 'customer.env').values).toEqual({ A: value })
})

test('comments and empty lines are nothing; the last of two counts, and that is told', () => {
  const { values, warnings } = parseEnvFile('# x\n\nA=1\n  # y\nA=2\n', 'customer.env')
  expect(values).toEqual({ A: '2' })
  expect(warnings).toEqual([expect.stringContaining('customer.env:5: A')])
})

test.each([
  ['A=$(id)', 1],
  ['A="`id`"', 1],
  ['A=${HOME}', 1],
  ["A='$(id)'", 0],
  ['A=100$', 0],
])('%j is told %i times, never with its value', (text, count) => {
  const { warnings } = parseEnvFile(text, 'e')
  expect(warnings).toHaveLength(count)
  expect(warnings.join()).not.toMatch(/id\)|HOME/)
})

test.each([['no equals sign'], ['1A=x'], ['A="x'], ["A='x"], ['A="x"y'], ['A-B=x'], ['A=\0']])(
  '%j is refused, with its line and not its text',
  (text) => {
    try {
      parseEnvFile(`OK=1\n${text}`, 'customer.env')
      expect.unreachable()
    } catch (error) {
      expect(isPawlError(error, 'input-invalid')).toBe(true)
      expect((error as Error).message).not.toContain(text.slice(1))
    }
  },
)

test('names of objects are names like any other', () => {
  expect(parseEnvFile('constructor=x\n__proto__=y', 'e').values).toEqual(
    Object.fromEntries([
      ['constructor', 'x'],
      ['__proto__', 'y'],
    ]),
  )
})

test('whatever is put in single quotes comes out again', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/['\0\r]/.test(text)),
      (text) => {
        expect(parseEnvFile(`A='${text}'`, 'e').values['A']).toBe(text)
      },
    ),
  )
})
