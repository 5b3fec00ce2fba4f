import t from 'tap'
import { relocateText } from '../../src/core/model/relocate-text.js'

const moves = [
  {
    from: ['public', 'My tools'],
    to: 'extensions',
    members: new Set(['citext', 'similarity', '=', '~~', 'gin_trgm_ops', 'unaccent', 'difference', 'Big']),
  },
  { from: ['public'], to: 'pg_catalog', members: new Set(['crypt']) },
]
const own = { routines: new Set(['public.similarity2']), others: new Set(['public.difference']) }

const cases: Readonly<Record<string, string>> = {
  'public.citext': 'extensions.citext',
  'public.citext[]': 'extensions.citext[]',
  '"My tools".citext': 'extensions.citext',
  'public."Big"(3)': 'extensions."Big"(3)',
  '(public.citext, public.mood)': '(extensions.citext, public.mood)',
  'public.citext2': 'public.citext2',
  'republic.citext': 'republic.citext',
  'public.similarity2(a)': 'public.similarity2(a)',
  [`public.similarity(a, 'public.similarity'::text)`]: `extensions.similarity(a, 'public.similarity'::text)`,
  [`((a)::text OPERATOR(public.=) 'it''s public.citext')`]: `((a)::text OPERATOR(extensions.=) 'it''s public.citext')`,
  [`a OPERATOR(public.~~) E'\\'public.citext'`]: `a OPERATOR(extensions.~~) E'\\'public.citext'`,
  [`'public.unaccent'::regdictionary`]: `'extensions.unaccent'::regdictionary`,
  [`'public.unaccent'::text`]: `'public.unaccent'::text`,
  'CREATE INDEX citext ON public.songs USING gin (t public.gin_trgm_ops)':
    'CREATE INDEX citext ON public.songs USING gin (t extensions.gin_trgm_ops)',
  'AS $function$ select public.citext $function$': 'AS $function$ select public.citext $function$',
  'AS $$ select public.citext $$, public.citext': 'AS $$ select public.citext $$, extensions.citext',
  '"a public.citext b"': '"a public.citext b"',
  'FOREIGN KEY (a) REFERENCES public.difference(id)': 'FOREIGN KEY (a) REFERENCES public.difference(id)',
  'SELECT public.difference(a, b) FROM public.difference':
    'SELECT extensions.difference(a, b) FROM public.difference',
  [`public.crypt('a', 'b')`]: `crypt('a', 'b')`,
}

t.test('names of members get the schema where they are, and nothing else does', async (t) => {
  for (const [text, relocated] of Object.entries(cases)) t.equal(relocateText(text, moves, own), relocated)
})
