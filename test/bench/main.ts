// `npm run bench -- NAME`: measures, prints a table, and ends with one line that has each figure and its target.
// Exit 0 where every target is met, 1 where one is missed or could not be measured, 64 for a name that is not there.
import { lastLine, isMet, tableOf } from './bench.ts'
import type { Bench } from './bench.ts'
import { cli } from './cli.ts'
import { guard } from './guard.ts'
import { packages } from './package.ts'
import { proof } from './proof.ts'

const BENCHES: readonly Bench[] = [cli, proof, packages, guard]

async function main([name, ...args]: string[]): Promise<number> {
  const bench = BENCHES.find((candidate) => candidate.name === name)
  if (bench === undefined) {
    console.error('usage: npm run bench -- NAME [options]')
    for (const { name: known, title, usually } of BENCHES)
      console.error(`  ${known.padEnd(8)} ${title} (usually ${usually})`)
    return 64
  }
  try {
    const figures = await bench.run(args, (line) => console.log(line))
    console.log(['', ...tableOf(figures), '', lastLine(bench.name, figures)].join('\n'))
    return figures.every(isMet) ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    console.log(`${bench.name}: not measured`)
    return 1
  }
}

process.exitCode = await main(process.argv.slice(2))
