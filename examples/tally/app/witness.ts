// The witness as a program. It is no part of the product: it only writes down what the product claims.
import { join } from 'node:path'
import { log } from './lib/log.ts'
import { untilTerminated } from './lib/server.ts'
import { numberOr } from './lib/settings.ts'
import { openWitnessLog } from './witness-log.ts'
import { serveWitness } from './witness-server.ts'

const witness = openWitnessLog(join(process.env['WITNESS_DIRECTORY'] ?? '/data', 'witness.jsonl'))
const server = await serveWitness(numberOr(process.env, 'PORT', 8080), witness, () => new Date().toISOString())
log(`witness knows ${witness.summary().acknowledged} acknowledged deliveries`)
untilTerminated().addEventListener('abort', () => {
  server.close()
  witness.close()
})
