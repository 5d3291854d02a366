// A line by WebRTC: Opus over UDP, and messages over a data channel beside it.

import { ApiError } from "../core/api.js";
import { key } from "../core/key.js";
import { t } from "../core/strings.js";
import { CallError } from "./microphone.js";
import { level } from "./level.js";

const OFFER = "/webrtc/offer";
const CONNECT_MS = 5000;
const PING_MS = 1000; // a page that stops to ping, and sends no sound, is known to be gone 3 s later

/** No way through for UDP: another line may have one. */
export class NoWayError extends CallError {
  constructor() {
    super("no_way");
  }
}

/** Settles once sound and messages go both ways. Raises NoWayError, ApiError. For `onDown` see openPcm. */
export async function openWebRtc({ flow, variables, stream, context, onMessage, onDown }) {
  if (!window.RTCPeerConnection) throw new NoWayError();
  const { iceServers } = await asked("GET", "/webrtc/ice");
  const connection = new RTCPeerConnection({ iceServers });
  const channel = connection.createDataChannel("messages");
  const trickle = trickled(connection);
  const speaker = new Audio();
  let heard = () => 0;
  let number = "";
  let pings = 0;
  connection.ontrack = ({ streams, track }) => {
    if (context.state === "closed") return; // hung up meanwhile
    speaker.srcObject = streams[0] ?? new MediaStream([track]);
    speaker.play().catch(() => onDown(new CallError("no_sound")));
    heard = level(context.createMediaStreamSource(speaker.srcObject)); // beside the element, which alone makes it flow
  };
  channel.onmessage = ({ data }) => onMessage(JSON.parse(data));
  for (const track of stream.getAudioTracks()) connection.addTrack(track, stream);

  const send = (message) => channel.readyState === "open" && channel.send(JSON.stringify(message));
  const close = () => {
    clearInterval(pings);
    channel.onclose = connection.onconnectionstatechange = null;
    speaker.srcObject = null;
    connection.close();
  };
  try {
    await connection.setLocalDescription(await connection.createOffer());
    const { sdp, type } = connection.localDescription;
    const answer = await asked("POST", OFFER, { sdp, type, flow_id: flow, variables });
    number = answer.pc_id;
    trickle(number);
    await connection.setRemoteDescription({ sdp: answer.sdp, type: answer.type });
    await connected(connection, channel);
  } catch (error) {
    close();
    if (number) asked("DELETE", `${OFFER}?pc_id=${encodeURIComponent(number)}`).catch(() => {}); // it forgets us anyway
    throw error;
  }
  pings = setInterval(() => send({ type: "ping" }), PING_MS);
  channel.onclose = () => onDown(null);
  connection.onconnectionstatechange = () => {
    if (connection.connectionState === "failed") onDown(new CallError("lost"));
  };
  return {
    kind: "webrtc",
    heard: () => heard(),
    send,
    close,
  };
}

/** Candidates are told as they are found, once the server has given the connection a number. */
function trickled(connection) {
  const found = [];
  let number = "";
  const tell = () => {
    if (!number || !found.length) return;
    const candidates = found.splice(0).map((one) => ({
      candidate: one.candidate, sdp_mid: one.sdpMid, sdp_mline_index: one.sdpMLineIndex,
    }));
    asked("PATCH", OFFER, { pc_id: number, candidates }).catch(() => {}); // others may do, or none: then no way is found
  };
  connection.onicecandidate = ({ candidate }) => {
    if (candidate?.candidate) found.push(candidate);
    tell();
  };
  return (known) => {
    number = known;
    tell();
  };
}

async function connected(connection, channel) {
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoWayError()), CONNECT_MS);
    channel.onopen = () => {
      clearTimeout(timer);
      resolve();
    };
    connection.onconnectionstatechange = () => connection.connectionState === "failed" && reject(new NoWayError());
  });
}

async function asked(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { Authorization: `Bearer ${key.value}`, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      cache: "no-store",
    });
  } catch {
    throw new ApiError(0, t("errors.unreachable"));
  }
  const told = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, told?.detail ?? t("errors.status", { status: answer.status }));
  return told;
}
