// The microphone: asked for, and why it cannot be had.

import { t } from "../core/strings.js";

/** A call that cannot be, or broke off; `message` is for the reader. */
export class CallError extends Error {
  constructor(kind, detail = "") {
    super(detail || t(`try.problems.${kind}`));
    this.name = "CallError";
    this.kind = kind;
  }
}

const REASONS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** One channel of speech, with the browser's own help against echo and noise. Raises CallError. */
export async function microphone(deviceId = "") {
  if (!window.isSecureContext || !navigator.mediaDevices) throw new CallError("insecure");
  const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  if (deviceId) audio.deviceId = { exact: deviceId };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new CallError(REASONS[error.name] ?? "missing");
  }
}

/** `[{value, label}]`. Browsers tell names only once a microphone was allowed. */
export async function microphones() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter((device) => device.kind === "audioinput" && device.deviceId && device.label)
    .map((device) => ({ value: device.deviceId, label: device.label }));
}
