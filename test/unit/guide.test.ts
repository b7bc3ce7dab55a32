// Every command line that the documentation or an error tells somebody to type exists, with these options.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../src/apps/cli/commands/index.ts'
import { ERRORS } from '../../src/core/errors.ts'

const root = new URL('../..', import.meta.url).pathname
const GLOBAL = [
  '-n',
  '--namespace',
  '--context',
  '--kubeconfig',
  '-o',
  '--output',
  '--yes',
  '-h',
  '--help',
  '-V',
  '--version',
]

/** What is wrong with a command line after the word `pawl`; `undefined` where nothing is. */
function wrong(line: string): string | undefined {
  const words = line.split(/\s+/).filter((word) => word !== '')
  if (words[0]?.startsWith('-') === true)
    return words.every((word) => GLOBAL.includes(word)) ? undefined : `no option ${line}`
  const command =
    COMMANDS.find(({ name }) => name === words.slice(0, 2).join(' ')) ?? COMMANDS.find(({ name }) => name === words[0])
  if (command === undefined) return words[0] === 'COMMAND' ? undefined : `no command "${words.slice(0, 2).join(' ')}"`
  const known = new Set([
    ...GLOBAL,
    ...(command.options ?? []).flatMap(({ flags }) => flags.split(/[ ,]+/).filter((flag) => flag.startsWith('-'))),
  ])
  const bad = words
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.replace(/=.*/, ''))
    .find((word) => !known.has(word))
  return bad === undefined ? undefined : `${command.name} has no option ${bad}`
}

/** Command lines in a Markdown text: indented or fenced lines, and what stands between backticks. */
function linesOf(text: string): string[] {
  const indented = [...text.matchAll(/^(?: {4}|\$ )(?:npx )?pawl (.*?)(?:\s+#.*)?$/gm)].map((match) => match[1] ?? '')
  const quoted = [...text.matchAll(/[`"]pawl ([^`"]+)[`"]/g)].map((match) => match[1] ?? '')
  return [...indented, ...quoted]
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...['guide', 'decisions', 'reference'].flatMap((folder) =>
    readdirSync(join(root, 'docs', folder)).map((name) => join('docs', folder, name)),
  ),
]

test.each(pages)('%s names only commands that exist', (page) => {
  expect(linesOf(readFileSync(join(root, page), 'utf8')).flatMap((line) => wrong(line) ?? [])).toEqual([])
})

test('every hint of the error table names only commands that exist', () => {
  const lines = Object.values(ERRORS).flatMap(({ hint }) => linesOf(hint))
  expect(lines.length).toBeGreaterThan(10)
  expect(lines.flatMap((line) => wrong(line) ?? [])).toEqual([])
})

test('every example in help exists', () => {
  const lines = COMMANDS.flatMap(({ examples }) => examples ?? [])
  expect(lines.flatMap((line) => wrong(line.replace(/^pawl /, '')) ?? [])).toEqual([])
})

test('a page that names what does not exist is caught', () => {
  expect(linesOf('    pawl frobnicate x -n y\nand `pawl upgrade x --force`').map(wrong)).toEqual([
    'no command "frobnicate x"',
    'upgrade has no option --force',
  ])
})
