import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { cautiousRegExp } from './cautious-reg-exp.ts'

export type ArgumentsCheck = { ok: true } | { ok: false; problems: string[]; missing: string[] }

const maxProblems = 20
const maxCompiled = 1_000
const compiled = new Map<string, ValidateFunction | undefined>()

/**
 * Holds arguments against a tool's schema (JSON Schema 2020-12, or draft-07 where it says so). `missing` are the required
 * arguments that are not there. A schema that cannot be used (it refers to another address, it is broken) lets everything
 * pass: the server checks for itself.
 */
export function checkArguments(
  tool: { inputSchema: Record<string, unknown>; definitionHash: string },
  args: Record<string, unknown>,
): ArgumentsCheck {
  const validate = validatorOf(tool)
  if (!validate || validate(args)) return { ok: true }
  const errors = (validate.errors ?? []).slice(0, maxProblems)
  const missing = errors.flatMap(({ keyword, instancePath, params }) =>
    keyword === 'required' && instancePath === '' ? [String(params.missingProperty)] : [],
  )
  const problems = errors.map(({ keyword, instancePath, message, params }) => {
    if (keyword === 'required') return `${instancePath}/${params.missingProperty} is missing`
    if (keyword === 'additionalProperties') return `${instancePath}/${params.additionalProperty} is not known`
    if (keyword === 'enum')
      return `${instancePath} has to be one of ${JSON.stringify(params.allowedValues).slice(0, 300)}`
    return `${instancePath || 'the arguments'} ${message}`
  })
  return { ok: false, problems: [...new Set(problems)], missing }
}

function validatorOf(tool: { inputSchema: Record<string, unknown>; definitionHash: string }) {
  const { inputSchema, definitionHash } = tool
  if (compiled.has(definitionHash)) return compiled.get(definitionHash)
  const validate = compile(inputSchema)
  if (compiled.size >= maxCompiled) compiled.delete(compiled.keys().next().value!)
  compiled.set(definitionHash, validate)
  return validate
}

function compile(schema: Record<string, unknown>): ValidateFunction | undefined {
  const options = {
    strict: false,
    allErrors: true,
    validateFormats: false,
    addUsedSchema: false,
    logger: false as const,
    code: { regExp: cautiousRegExp },
  }
  const isDraft7 = typeof schema.$schema === 'string' && /draft-0[467]/.test(schema.$schema)
  // The dialect's own identifier is not resolved: servers spell it in many ways.
  const { $schema: _dialect, ...rest } = schema
  try {
    return isDraft7 ? new Ajv(options).compile(rest) : new Ajv2020(options).compile(rest)
  } catch {
    return undefined
  }
}
