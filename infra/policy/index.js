// Pulumi gives a pack's .ts to a TypeScript of its own, which does not take imports by .ts; from here Node reads them itself.
import "./pack.ts";
