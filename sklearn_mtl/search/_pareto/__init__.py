"""ParetoSearchCV: trials that train and score, their records, and the models of the front."""
