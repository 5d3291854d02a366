export default {
  vad: "Silence noticed",
  stt: "Transcript",
  turn: "Turn judged over",
  llm: "First words",
  tts: "First sound made",
  wire: "On the line",
  part: "{stage} {ms} ms",
  label: "Answered after {ms} ms: {parts}",
  ms: "{ms} ms",
};
