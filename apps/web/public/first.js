// Before everything else. A file of its own: inline scripts are refused.

// Before the first paint, so that a chosen theme does not flash.
try {
  const theme = localStorage.getItem('parley.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.classList.add(theme)
} catch {
  // Without storage the system decides.
}

// Before zod is loaded: else it tries whether text may become code here. It may not, and browsers complain of the try.
globalThis.__zod_globalConfig = { jitless: true }
