// Runs before the first paint: a reader's saved choices become attributes of <html>, so that nothing flashes or moves.
;(() => {
  const root = document.documentElement
  // Where no header forbids it, another site could frame a page and steer the reader's clicks.
  if (window.top !== window) root.hidden = true
  const read = (key) => {
    try {
      return localStorage.getItem(`viva:${key}`)
    } catch {
      return null
    }
  }
  const theme = read('theme')
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme
  root.dataset.attempt = read('attempt') === 'off' ? 'off' : 'on'
  root.dataset.difficulty = read('difficulty') === 'hidden' ? 'hidden' : 'shown'
  // An address that names a part of the text or a lab within it, or a way back to a revealed one, shows the text at once.
  const lab = new URLSearchParams(location.search).get('lab')
  const isWithin = location.hash.length > 1 || (lab !== null && lab !== 'lab')
  if (isWithin || history.state?.revealed === location.pathname) root.dataset.revealed = ''
  root.dataset.script = 'on'
})()
