/** `/.well-known/security.txt` (RFC 9116), for operators who name a contact for vulnerability reports. */

/** The operator's settings, from the environment at build. */
export type SecurityTxtSettings = {
  /** `SECURITY_CONTACT`: one `mailto:`, `https:` or `tel:` address, or several with spaces between them. */
  contact?: string | undefined
  /** `SITE_URL`. */
  siteUrl?: string | undefined
  /** When the file is written; it expires a year later. */
  nowMs: number
}

const dayMs = 24 * 60 * 60 * 1000

/** The file's text, or undefined without a contact. Throws for a contact that is no such address. */
export function securityTxt({ contact, siteUrl, nowMs }: SecurityTxtSettings): string | undefined {
  const contacts = (contact ?? '').split(/\s+/).filter((one) => one !== '')
  if (contacts.length === 0) return undefined
  for (const one of contacts)
    if (!/^(mailto:[^@]+@[^@]+|https:\/\/.+|tel:\+?[\d-]+)$/.test(one) || !URL.canParse(one))
      throw new Error(
        `SECURITY_CONTACT: found ${JSON.stringify(one)}; expected an address like mailto:security@example.org or https://example.org/report`,
      )
  // A whole day, so that two builds on one day write the same bytes.
  const expires = new Date(Math.floor(nowMs / dayMs) * dayMs + 365 * dayMs).toISOString()
  const canonical =
    siteUrl?.startsWith('https://') && URL.canParse(siteUrl)
      ? [`Canonical: ${new URL('/.well-known/security.txt', siteUrl).href}`]
      : []
  const lines = [...contacts.map((one) => `Contact: ${one}`), `Expires: ${expires}`, 'Preferred-Languages: en']
  return `${[...lines, ...canonical].join('\n')}\n`
}
