export const moves = {
  moves: {
    launch: "Launch", schedule: "Schedule", unschedule: "Unschedule", pause: "Pause", resume: "Resume", stop: "Stop", cancel: "Cancel campaign",
    edit: "Change", duplicate: "Duplicate", delete: "Delete", go_live: "Take calls", close: "Take no calls",
  },
  moves_of: "What can be done with {name}",
  more_moves: "More actions",
  refused: "That cannot be done now",
  start_at: "Begins",
  back: "Back",
  ask: {
    launch: {
      title: "Launch {name}?",
      text: "From now on its contacts are called, within the hours that were set.",
      text_of: "{n} people will be called from now on, within the hours that were set.",
    },
    resume: { title: "Resume {name}?", text: "Calls go on where they were left, and whoever came to the list since is called too." },
    stop: { title: "Stop {name}?", text: "No more calls are placed; those that are going on go on. Webhooks are told, and it can be resumed." },
    cancel: { title: "Cancel {name} for good?", text: "Whoever still waits is not called any more, and it cannot be resumed. Its figures stay." },
    delete: {
      title: "Delete {name}?",
      text: "It is stopped if it runs. Its calls stay; its contacts and its ledger of attempts go.",
      text_line: "Calls to its number are answered by nobody then. The calls that there were stay.",
    },
    schedule: { title: "When shall {name} begin?", text: "It is launched at this time, by the clock of this computer. Until then it can be changed." },
  },
  did: {
    launch: "{name} was launched", schedule: "{name} was scheduled", unschedule: "{name} is a draft again", pause: "{name} is paused", resume: "{name} goes on",
    stop: "{name} was stopped", cancel: "{name} was cancelled", duplicate: "{name} was duplicated", delete: "{name} was deleted",
  },
};
