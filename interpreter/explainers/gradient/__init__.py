"""Methods that need no training and follow the classifier's gradients, or read its layers."""
