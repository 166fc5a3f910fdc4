"""Methods that change the clip and ask for the class's probability: they follow no gradient of it."""
