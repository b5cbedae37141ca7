"""From public reactions to a score: networks, signals, scoring, jobs and their schedule. It never knows the web."""
