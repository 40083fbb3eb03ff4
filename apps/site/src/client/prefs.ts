/** A reader's choices, kept in localStorage; prefs.js puts them on <html> before the first paint. */
export function readChoice(name: string): string | null {
  try {
    return localStorage.getItem(`viva:${name}`)
  } catch {
    return null
  }
}

export function keepChoice(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`viva:${name}`)
    else localStorage.setItem(`viva:${name}`, value)
  } catch {
    // Storage is off: the choice holds for this page.
  }
}
