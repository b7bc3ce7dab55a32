// SQL that fills a ledger with believable rows. Everything follows from the row number: two runs give the same rows.
import { shapeOf } from './lib/deliveries.ts'

/** A number from 0 to `limit` - 1 that depends on the row and on `salt` only. */
function pick(limit: number | string, salt: number, row = 'g'): string {
  return `((hashint8extended(${row}, ${salt}) & 2147483647) % ${limit})`
}

/** One of `list`, a SQL array expression of `length` elements. */
function oneOf(list: string, length: number, salt: number): string {
  return `(${list})[1 + ${pick(length, salt)}]`
}

const names = `ARRAY['Ingrid Solberg', 'María José Ñúñez', 'Γιώργος Παπαδόπουλος', '山田 花子', 'Иван Петров', 'ليلى بنعلي', 'אורי לוי', 'सीता शर्मा', 'Zoë O''Brien', '김민준', 'Łukasz Żółć', '🦊 Fuchs & Söhne']`
const towns = `ARRAY['Bergen', 'Sevilla', 'Πάτρα', '大阪', 'Пловдив', 'طنجة', 'חיפה', 'Jaipur', 'Galway', '부산']`

/** $1 = number of customers, $2 = encrypted contacts (bytea[]). */
export const customersSql = `
  INSERT INTO customers (name, country, contact, preferences, since)
  SELECT ${oneOf(names, 12, 1)} || ' ' || g,
    ${oneOf("ARRAY['NO', 'ES', 'GR', 'JP', 'BG', 'MA']", 6, 2)},
    ($2::bytea[])[1 + g % cardinality($2::bytea[])],
    jsonb_build_object('language', ${oneOf("ARRAY['nb', 'es', 'el', 'ja', 'bg', 'ar']", 6, 3)}, 'news', g % 3 = 0, 'limit', g % 5),
    timestamptz '2019-01-01Z' + make_interval(mins => ${pick(3_000_000, 4)}::int)
  FROM generate_series(1, $1::bigint) g`

/** $1 = number of deliveries, $2 = number of customers, $3 = first customer id. Fits the columns of the given release. */
export function deliveriesSql(ledger: readonly string[]): string {
  const { splitRecipient, rankedPriority } = shapeOf(ledger)
  const name = oneOf(names, 12, 11)
  const town = oneOf(towns, 10, 12)
  const value = `round(${pick(2_500_000, 14)} / 100.0, 2)`
  const columns = [
    ...(splitRecipient
      ? [`recipient_name = ${name}`, `recipient_town = ${town}`]
      : [`recipient = ${name} || ', ' || ${town}`]),
    `priority = ${rankedPriority ? `1 + ${pick(3, 13)}` : oneOf("ARRAY['low', 'normal', 'express']", 3, 13)}`,
    `declared_value = ${ledger.includes('20260407100000-value-as-number') ? value : `${value}::text`}`,
    `carrier_id = 1 + ${pick(6, 15)}`,
    `customer_id = $3::bigint + ${pick('$2::bigint', 16)}`,
    `status = ${oneOf('enum_range(NULL::delivery_status)', 5, 17)}`,
    `weight_kg = ${pick(30_000, 18)} / 1000.0`,
    `attributes = CASE WHEN g % 4 = 0 THEN '{}' ELSE jsonb_build_object('fragile', g % 7 = 0, 'window', jsonb_build_array(8 + g % 4, 12 + g % 6), 'note', ${oneOf(towns, 10, 19)}) END`,
    `tags = CASE WHEN g % 5 = 0 THEN '{}' ELSE ARRAY['t' || ${pick(50, 20)}, ${town}] END`,
    `recorded_at = timestamptz '2025-01-01Z' + make_interval(secs => ${pick(50_000_000, 21)})`,
  ].map((assignment) => {
    const at = assignment.indexOf(' = ')
    return { column: assignment.slice(0, at), expression: assignment.slice(at + 3) }
  })
  return `INSERT INTO deliveries (${columns.map(({ column }) => column).join(', ')})
    SELECT ${columns.map(({ expression }) => expression).join(',\n      ')}
    FROM generate_series(1, $1::bigint) g`
}

/** $1 = number of scans, $2 = first delivery id, $3 = number of deliveries. */
export const scansSql = `
  INSERT INTO scans (delivery_id, scanned_at, place, note)
  SELECT $2::bigint + ${pick('$3::bigint', 31)},
    timestamptz '2025-01-01Z' + make_interval(secs => ${pick(60_000_000, 32)}),
    ${oneOf(towns, 10, 33)},
    CASE WHEN g % 10 = 0 THEN E'two\\nlines, "quoted"\\t\\\\ and a backslash' END
  FROM generate_series(1, $1::bigint) g`

/** $1 = number of proofs, $2 = first delivery id. */
export const proofsSql = `
  INSERT INTO proofs (delivery_id, signature, signed_at)
  SELECT $2::bigint + g - 1, sha512(int8send(g)) || sha512(int8send(-g)), timestamptz '2026-01-01Z' + make_interval(mins => g::int)
  FROM generate_series(1, $1::bigint) g
  ON CONFLICT (delivery_id) DO NOTHING`

/** $1 = delivery id, $2 = KiB of content that no compressor can shrink, stored as one large object. */
export const documentSql = `
  UPDATE proofs SET document = lo_from_bytea(0, (
    SELECT string_agg(sha512(int8send(g * 16 + part)), ''::bytea ORDER BY g, part)
    FROM generate_series(1, $2::bigint) g, generate_series(0, 15) part))
  WHERE delivery_id = $1::bigint AND document IS NULL`

/** $1 = delivery id. An amount as people type it in half of Europe; exists only while amounts are text. */
export const badAmountSql = `UPDATE deliveries SET declared_value = '12,50' WHERE id = $1::bigint`
