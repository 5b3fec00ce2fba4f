import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { _, Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import type { Plugin } from 'rolldown'
import { configFormats, configSchema } from '../src/config/validate.js'

// Loading Ajv and compiling a schema that never changes is a third of the work of a start. @fastify/env has no option to leave
// Ajv out, so that dist has a copy of @fastify/env, in which what Ajv makes of the schema takes the place of Ajv.

/** Whether dist has a copy of a package, and so of what it imports itself. */
export function isCopied(id: string, importer = ''): boolean {
  return id === '@fastify/env' || packageFolder.test(importer)
}

const packageFolder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/

/** Replaces Ajv in copied packages. */
export function replaceAjv(): Plugin {
  return {
    name: 'replace-ajv',
    resolveId: (id) => (id === 'ajv' ? { id } : null),
    load: (id) => (id === 'ajv' ? generateAjv() : null),
  }
}

/** The licenses of the packages that these modules are copied from, as a comment; empty for none. */
export async function licenseComment(modules: readonly string[]): Promise<string> {
  const folders = new Set(modules.flatMap((id) => packageFolder.exec(id) ?? []))
  const licenses = [...folders].map((folder) => readFile(join(folder, 'LICENSE'), 'utf8'))
  return (await Promise.all(licenses)).map((text) => `/*\n${text.trim()}\n*/\n`).join('')
}

/** A CommonJS module with what @fastify/env uses of Ajv, for the schema of the configuration alone. */
export function generateAjv(): string {
  return `// The text of a validator for these formats: it is bound to them when it is made.
const createValidator = (formats) => { const module = {}; ${generateValidator()}; return module.exports }

module.exports = class Ajv {
  formats = {}
  errors = null

  /** @fastify/env compiles the schema of its own options, which are always the same here. */
  compile() {
    return () => true
  }

  addFormat(name, isValid) {
    this.formats[name] = isValid
    return this
  }

  validate(_, data) {
    const validator = createValidator(this.formats)
    const isValid = validator(data)
    this.errors = validator.errors
    return isValid
  }

  errorsText(errors, { dataVar }) {
    return errors.map(({ instancePath, message }) => dataVar + instancePath + ' ' + message).join(', ')
  }
}`
}

/** The text of a CommonJS module. Its validator takes the formats from a variable of the module around it. */
function generateValidator(): string {
  const ajv = new Ajv({
    // As env-schema has them.
    allErrors: true,
    removeAdditional: true,
    useDefaults: true,
    coerceTypes: true,
    allowUnionTypes: true,
    addUsedSchema: false,
    code: { source: true, formats: _`formats` },
  })
  for (const name of Object.keys(configFormats('.'))) ajv.addFormat(name, () => true)
  return standalone.default(ajv, ajv.compile({ ...configSchema, additionalProperties: false }))
}
