import type { RequestHandler } from "express";

/**
 * Security headers of every answer. Nothing is loaded from another host and nothing inline runs;
 * HSTS is left to the reverse proxy, which knows whether all of the domain speaks HTTPS.
 */
export const safeHeaders = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "strict-origin-when-cross-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
  "X-Frame-Options": "DENY",
} as const;

/** Puts them on an answer. */
export const securityHeaders: RequestHandler = (_req, res, next) => {
  res.set(safeHeaders);
  next();
};
