// The rows of rows.fixture.ts about the customer package.
import { known } from '../facts.ts'
import type { CheapFacts } from '../facts.ts'
import { lost } from './rows-cluster.fixture.ts'
import type { Row } from './rows-cluster.fixture.ts'

const cheap = (over: Partial<CheapFacts>): Row[2] => ({ cheap: over })

export const PACKAGE_ROWS: Row[] = [
  [
    'package-new-enough',
    'too old',
    cheap({ package: known({ version: '2025.9.9', floor: '2025.11.3' }) }),
    'refuse package-too-old',
  ],
  [
    'package-new-enough',
    'exactly the floor',
    cheap({ package: known({ version: '2025.11.03', floor: '2025.11.3' }) }),
    'pass',
  ],
  [
    'package-new-enough',
    'missing',
    cheap({ package: known({ version: '', floor: '2025.11.3' }) }),
    'refuse package-too-old',
  ],
  [
    'package-new-enough',
    'with dashes',
    cheap({ package: known({ version: '2026-3-1', floor: '2025.11.3' }) }),
    'refuse package-too-old',
  ],
  [
    'package-new-enough',
    'a later one of that day',
    cheap({ package: known({ version: '2025.11.03-12', floor: '2025.11.3' }) }),
    'pass',
  ],
  [
    'package-new-enough',
    'the candidate of the floor',
    cheap({ package: known({ version: '2025.11.3-rc.2', floor: '2025.11.3' }) }),
    'refuse package-too-old',
  ],
  ...['v2025.11.3', '2025.11.3 ', '2025.11', 'null', '2025.13.1'].map((version): Row => [
    'package-new-enough',
    `no version: ${JSON.stringify(version)}`,
    cheap({ package: known({ version, floor: '2025.11.3' }) }),
    'refuse package-too-old',
  ]),
  ['package-new-enough', 'no floor', cheap({ package: known({ version: '', floor: '' }) }), 'pass'],
  [
    'package-new-enough',
    'a floor that is no version',
    cheap({ package: known({ version: '2026.3.1', floor: 'x' }) }),
    'unknown unknown-state',
  ],
  ['package-new-enough', 'not readable', cheap({ package: lost }), 'unknown unknown-state'],

  [
    'hook-will-pass',
    'too old',
    cheap({ package: known({ version: '2025.9.9', floor: '2025.11.3' }) }),
    'refuse package-too-old',
  ],
  // Checked with the real program: printf '2025.09.1\n2025.9.1\n' | sort -V
  [
    'hook-will-pass',
    'the floor itself with a zero, which the hook sorts before it',
    cheap({ package: known({ version: '2025.09.1', floor: '2025.9.1' }) }),
    'refuse package-too-old',
  ],
  [
    'hook-will-pass',
    'newer, with a zero',
    cheap({ package: known({ version: '2025.09.02', floor: '2025.9.1' }) }),
    'pass',
  ],
  [
    'hook-will-pass',
    'no hook',
    { ...cheap({ package: known({ version: '', floor: '2025.11.3' }) }), rendered: { hooks: [] } },
    'pass',
  ],
]
