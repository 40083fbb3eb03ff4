/** Viva's server: the site, feedback, health, and the database behind them. */
export { type AppOptions, createApp, type WallClock } from './app.ts'
export {
  type Database,
  type DatabaseConfig,
  databaseConfig,
  DatabaseUnavailable,
  type Feedback,
  type FeedbackKind,
  feedbackKinds,
  type FeedbackStore,
  type NewFeedback,
  openDatabase,
  type OpenOptions,
} from './database/index.ts'
export { jsonLog, type Log, type LogLevel, logLevel } from './log.ts'
export { visibleText } from './visible-text.ts'
export { openAddressWarning, type Running, serve, type ServeOptions } from './serve.ts'
export { hstsSubdomainsFrom, siteOriginFrom } from './security.ts'
export { closeOnSignals } from './signals.ts'
export { trustedHopsFrom } from './client.ts'
