// What a CEL expression can give, as far as its text alone tells: the evaluator itself finds out only on an installation.
import { CelScalar } from '@bufbuild/cel'
import type { CelType } from '@bufbuild/cel'
import { listOf, recordOf, textOf, valueAt } from '../json.ts'
import { CEL_ENVIRONMENT } from './cel.ts'
import type { CelKind } from './cel-fields.ts'

/** `other` is known to be none of the kinds that profiles need; `any` depends on the installation. */
export type Given = CelKind | 'other' | 'any'

const CONSTANTS: Record<string, Given> = { stringValue: 'text', int64Value: 'number', boolValue: 'bool' }

/** Operators that the language itself takes care of. */
const LOGIC = new Set(['_&&_', '_||_', '!_', '@in', '_==_', '_!=_'])

/** Of a parsed expression; several where it has branches. */
export function givenBy(expression: unknown): Given[] {
  const kind = recordOf(valueAt(expression, 'exprKind'))
  const value = recordOf(kind['value'])
  switch (kind['case']) {
    case 'constExpr':
      return [CONSTANTS[textOf(valueAt(value, 'constantKind.case')) ?? ''] ?? 'other']
    case 'selectExpr':
      return [value['testOnly'] === true ? 'bool' : 'any']
    case 'listExpr':
    case 'structExpr':
      return ['other']
    case 'comprehensionExpr':
      // A macro gives what it gathers into: a bool for `exists`, a list for `map`.
      return givenBy(value['accuInit'])
    case 'callExpr':
      return givenByCall(textOf(value['function']) ?? '', listOf(value['args']))
    default:
      return ['any']
  }
}

function givenByCall(name: string, args: readonly unknown[]): Given[] {
  if (name === '_?_:_') return [...givenBy(args[1]), ...givenBy(args[2])]
  if (name === '_+_') {
    const parts = args.flatMap(givenBy).filter((given) => given !== 'any')
    return parts.includes('text') ? ['text'] : parts.length > 0 ? parts : ['any']
  }
  if (LOGIC.has(name)) return ['bool']
  const forms = [...(CEL_ENVIRONMENT.funcs.find(name) ?? [])]
  return forms.length === 0 ? ['any'] : [...new Set(forms.map(({ result }) => kindOf(result)))]
}

function kindOf(type: CelType): Given {
  if (type === CelScalar.STRING) return 'text'
  if (type === CelScalar.INT) return 'number'
  if (type === CelScalar.BOOL) return 'bool'
  return type === CelScalar.DYN ? 'any' : 'other'
}
