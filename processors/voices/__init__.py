"""Speech engines that need no network. Parts of `processors.tts.embedded`, not providers."""
