// Before the first paint, so that a chosen theme does not flash. A file of its own: inline scripts are refused.
try {
  const theme = localStorage.getItem('parley.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.classList.add(theme)
} catch {
  // Without storage the system decides.
}
