#!/usr/bin/env node
// The door of the command line: checks Node's version before anything newer is parsed, then loads the program.
import { existsSync } from 'node:fs'
import module from 'node:module'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 15)) {
  console.error(`pawl needs Node.js 24.15 or newer, this is ${process.versions.node}. Nothing was changed.`)
  process.exit(69)
}
module.enableCompileCache?.()
const program = new URL('../dist/pawl.js', import.meta.url)
if (!existsSync(program)) {
  console.error('pawl is not built yet: run "npm run build" in its folder. Nothing was changed.')
  process.exit(69)
}
await import(program.href)
